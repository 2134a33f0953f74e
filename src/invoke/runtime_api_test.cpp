// Custom runtimes: the Lambda Runtime API over a real loopback connection, through the engine.
#include <gmock/gmock.h>

#include "base/digest.h"
#include "invoke/channel.h"
#include "invoke/engine_fixture.h"
#include "invoke/fake_api.h"

namespace wick::invoke {
namespace {

using testing::HasSubstr;

class Collected final : public ResponseStream {
 public:
  boost::asio::awaitable<Result<>> begin(std::string content_type) override {
    type = std::move(content_type);
    co_return Result<>();
  }
  boost::asio::awaitable<Result<>> write(std::string chunk) override {
    body += chunk;
    co_return Result<>();
  }
  std::string type, body;
};

struct RuntimeApiTest : EngineTest {
  std::shared_ptr<function::Version> f = version("f", "provided.al2023");

  // Serves invocations until the API is gone.
  void serve(std::function<void(FakeApi&, const http::Response&)> answer) {
    backend.script = [answer = std::move(answer)](FakeRuntime& runtime) {
      FakeApi api(runtime);
      for (auto next = api.next(); next.status == 200; next = api.next()) answer(api, next);
      return runtime.hang();
    };
  }
};

TEST_F(RuntimeApiTest, InvocationsOneAfterTheOtherOnOneInstance) {
  serve([](FakeApi& api, const http::Response& next) {
    const auto header = [&](const char* name) { return std::string(next.fields.get(name)); };
    const auto accepted =
        api.respond(fmt::format(R"({{"payload":{},"id":"{}","arn":"{}","trace":"{}","context":{},"deadline":{}}})", next.body,
                                header("Lambda-Runtime-Aws-Request-Id"), header("Lambda-Runtime-Invoked-Function-Arn"),
                                header("Lambda-Runtime-Trace-Id"), header("Lambda-Runtime-Client-Context"), header("Lambda-Runtime-Deadline-Ms")));
    EXPECT_EQ(accepted.status, 202u);
    EXPECT_EQ(accepted.body, R"({"status":"OK"})");
    EXPECT_EQ(next.fields.find("Lambda-Runtime-Cognito-Identity"), nullptr);
  });
  for (int i = 0; i < 20; ++i) {
    Invocation call = invocation(f, std::to_string(i));
    call.trace_id = "Root=1\r\nEvil: 1";
    call.client_context = "{\n}";
    const std::string id = call.id.str();
    const Outcome outcome = finish(boost::asio::co_spawn(loop, engine().invoke(std::move(call)), boost::asio::use_future));
    const auto out = boost::json::parse(outcome.payload);
    EXPECT_EQ(out.at("payload").as_int64(), i);
    EXPECT_EQ(out.at("id").as_string(), id);
    EXPECT_EQ(out.at("arn").as_string(), "arn:aws:lambda:us-east-1:000000000000:function:f");
    EXPECT_EQ(out.at("trace").as_string(), "Root=1  Evil: 1");
    EXPECT_EQ(out.at("context"), boost::json::object());
    EXPECT_GT(out.at("deadline").as_int64(), unix_millis(Clock::system().now()));
  }
  EXPECT_EQ(backend.booted, 1);
  EXPECT_EQ(backend.inits_ended, 1);
}

TEST_F(RuntimeApiTest, AnErrorIsTheCallers) {
  serve([](FakeApi& api, const http::Response&) {
    const auto accepted = api.call("POST", "invocation/" + api.id + "/error", R"({"errorMessage":"no","errorType":"Body"})",
                                   {{"Lambda-Runtime-Function-Error-Type", "Function.Header"}});
    EXPECT_EQ(accepted.status, 202u);
  });
  const Outcome outcome = invoke(f);
  EXPECT_EQ(outcome.function_error, "Unhandled");
  EXPECT_EQ(outcome.error_type, "Function.Header");
  EXPECT_EQ(outcome.payload, R"({"errorMessage":"no","errorType":"Body"})");
}

TEST_F(RuntimeApiTest, AnEventThatHasFailedMayComeAgain) {
  serve([tries = 0](FakeApi& api, const http::Response&) mutable {
    const auto answer = ++tries == 1 ? api.call("POST", "invocation/" + api.id + "/error", R"({"errorType":"Once"})") : api.respond("1");
    EXPECT_EQ(answer.status, 202u);
  });
  const Invocation event = invocation(f);
  for (const char* error : {"Once", ""}) {
    EXPECT_EQ(finish(boost::asio::co_spawn(loop, engine().invoke(event), boost::asio::use_future)).error_type, error);
  }
  EXPECT_EQ(backend.booted, 1);
}

TEST_F(RuntimeApiTest, InitError) {
  const std::string object = R"({"errorMessage":"no config","errorType":"Config"})";
  backend.script = [&](FakeRuntime& runtime) {
    FakeApi(runtime).call("POST", "init/error", object, {{"Lambda-Runtime-Function-Error-Type", "Runtime.Config"}});
    return exit_status(1);
  };
  const Outcome outcome = invoke(f);
  EXPECT_EQ(outcome.error_type, "Runtime.Config");
  EXPECT_EQ(outcome.payload, object);
  EXPECT_THAT(outcome.log_tail, HasSubstr("INIT_REPORT"));
}

TEST_F(RuntimeApiTest, WrongRequestsAreRefusedAndTheInvocationGoesOn) {
  serve([](FakeApi& api, const http::Response&) {
    const std::string foreign = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
    for (const char* action : {"/response", "/error"}) {
      const auto refused = api.call("POST", "invocation/" + foreign + action, "1");
      EXPECT_EQ(refused.status, 400u);
      EXPECT_EQ(member(refused.body, "errorType"), "InvalidRequestID");
      EXPECT_EQ(member(refused.body, "errorMessage"), "Invalid request ID");
    }
    EXPECT_EQ(api.call("POST", "invocation//response", "1").status, 400u);
    EXPECT_EQ(api.call("GET", "invocation/next").status, 403u);
    EXPECT_EQ(api.call("POST", "init/error", "{}").status, 403u);
    EXPECT_EQ(api.call("GET", "nothing").status, 404u);
    EXPECT_EQ(api.call("DELETE", "invocation/next").status, 404u);
    const auto mode = api.call("POST", "invocation/" + api.id + "/response", "1", {{"Lambda-Runtime-Function-Response-Mode", "x"}});
    EXPECT_EQ(member(mode.body, "errorType"), "InvalidFunctionResponseMode");
    EXPECT_EQ(api.respond("1").status, 202u);
    EXPECT_EQ(member(api.respond("2").body, "errorType"), "InvalidStateTransition");
  });
  EXPECT_EQ(invoke(f).payload, "1");
  EXPECT_EQ(invoke(f).payload, "1");
}

TEST_F(RuntimeApiTest, AResponseOverTheLimit) {
  serve([](FakeApi& api, const http::Response& next) {
    const auto answer = api.respond(std::string(std::stoul(next.body), 'x'));
    if (next.body == std::to_string(kResponseMax)) {
      EXPECT_EQ(answer.status, 202u);
    } else {
      EXPECT_EQ(answer.status, 413u);
      EXPECT_EQ(member(answer.body, "errorType"), "RequestEntityTooLarge");
    }
  });
  EXPECT_EQ(invoke(f, std::to_string(kResponseMax + 1)).error_type, "Function.ResponseSizeTooLarge");
  EXPECT_EQ(invoke(f, std::to_string(kResponseMax)).payload.size(), kResponseMax);
}

std::string chunked(const std::string& id, std::string_view chunks, std::string_view trailers) {
  return fmt::format(
      "POST /2018-06-01/runtime/invocation/{}/response HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
      "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
      "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n{}{}\r\n",
      id, chunks, trailers);
}

TEST_F(RuntimeApiTest, StreamedResponse) {
  serve([](FakeApi& api, const http::Response&) { EXPECT_EQ(api.raw(chunked(api.id, "1\r\na\r\n2\r\nbc\r\n0\r\n", {})), "HTTP/1.1 202 Accepted"); });
  Collected stream;
  EXPECT_EQ(invoke(f, "{}", &stream).payload, "");
  EXPECT_EQ(stream.body, "abc");
  EXPECT_EQ(stream.type, "text/plain");
  EXPECT_EQ(invoke(f).payload, "abc");
}

TEST_F(RuntimeApiTest, AnErrorMidwayComesInTrailers) {
  const std::string object = R"({"errorMessage":"midway","errorType":"Oops"})";
  serve([&](FakeApi& api, const http::Response&) {
    api.raw(chunked(api.id, "1\r\na\r\n0\r\n",
                    fmt::format("Lambda-Runtime-Function-Error-Type: Oops\r\n"
                                "Lambda-Runtime-Function-Error-Body: {}\r\n",
                                to_base64(object))));
  });
  Collected stream;
  const Outcome outcome = invoke(f, "{}", &stream);
  EXPECT_EQ(stream.body, "a");
  EXPECT_EQ(outcome.error_type, "Oops");
  EXPECT_EQ(outcome.payload, object);
}

TEST_F(RuntimeApiTest, ATruncatedResponseIsAnError) {
  serve([](FakeApi& api, const http::Response&) { api.raw(chunked(api.id, "zz\r\n", {})); });
  EXPECT_EQ(invoke(f).error_type, "Runtime.TruncatedResponse");
}

TEST_F(RuntimeApiTest, TimeoutExitAndStop) {
  f->timeout_s = 1;
  backend.script = [](FakeRuntime& runtime) {
    FakeApi(runtime).next();
    return runtime.hang();
  };
  EXPECT_EQ(invoke(f).error_type, "Sandbox.Timedout");
  backend.script = [](FakeRuntime& runtime) {
    FakeApi(runtime).next();
    return exit_status(3);
  };
  EXPECT_THAT(invoke(f).payload, HasSubstr("Runtime exited with error: exit status 3"));
  backend.script = [](FakeRuntime&) { return exit_status(4); };
  EXPECT_THAT(invoke(f).payload, HasSubstr("Runtime exited with error: exit status 4"));
}

TEST_F(RuntimeApiTest, ASlowRuntimeIsUsedAgainOnceItAsks) {
  serve([](FakeApi& api, const http::Response&) {
    api.respond("1");
    std::this_thread::sleep_for(50ms);
  });
  EXPECT_EQ(invoke(f).payload, "1");
  EXPECT_EQ(count("busy"), 1);
  run_until([&] { return count("idle") == 1; });
  EXPECT_EQ(invoke(f).payload, "1");
  EXPECT_EQ(backend.booted, 1);
}

TEST_F(RuntimeApiTest, ARuntimeThatDoesNotAskAgainEndsAtTheDeadline) {
  f->timeout_s = 1;
  backend.script = [](FakeRuntime& runtime) {
    FakeApi api(runtime);
    api.next();
    api.respond("1");
    return runtime.hang();
  };
  EXPECT_EQ(invoke(f).payload, "1");
  run_until([&] { return backend.alive == 0; });
}

TEST_F(RuntimeApiTest, TheNewestRequestForTheNextGetsIt) {
  std::atomic<int> refused = 0;
  backend.script = [&](FakeRuntime& runtime) {
    FakeApi first(runtime);
    first.next();
    first.respond("1");
    const auto serve_one = [&] {
      FakeApi api(runtime);
      if (api.next().status == 200) {
        api.respond("2");
      } else {
        ++refused;
      }
    };
    std::thread other(serve_one);
    serve_one();
    other.join();
    return runtime.hang();
  };
  EXPECT_EQ(invoke(f).payload, "1");
  run_until([&] { return refused == 1; });
  EXPECT_EQ(invoke(f).payload, "2");
  EXPECT_EQ(refused, 1);
}

}  // namespace
}  // namespace wick::invoke
