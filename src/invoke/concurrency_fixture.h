#pragma once
// For tests: custom runtimes with several loops, whose calls stay inside until they are let go. No part of the program includes it.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "function/custom_runtime.h"
#include "invoke/engine_fixture.h"
#include "invoke/fake_api.h"

namespace wick::invoke {

// Calls stay inside until they are let go, each by its payload.
class Gate {
 public:
  void pass(const std::string& name) {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.wait(lock, [&] { return open_ || free_.contains(name); });
    --inside_;
  }
  void let_go(const std::string& name) {
    const std::lock_guard lock(mutex_);
    free_.insert(name);
    changed_.notify_all();
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int inside() {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> free_;
  int inside_ = 0;
  bool open_ = false;
};

struct ConcurrencyTest : EngineTest {
  using Loop = std::function<void(FakeApi& api, const std::string& payload)>;

  // A version whose instances may run so many calls at once.
  std::shared_ptr<function::Version> allowing(int calls) {
    auto out = version("f", "provided.al2023");
    out->environment[function::kMaxConcurrencyVariable] = std::to_string(calls);
    return out;
  }
  // A runtime of so many loops, which outlive it: each ends with the API.
  void start_loops(FakeRuntime& runtime, int loops, const Loop& answer) {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < loops; ++i) {
      loops_.emplace_back([this, api = FakeApi(runtime), answer]() mutable {
        auto next = api.next();
        for (; next.status == 200; next = api.next()) answer(api, next.body);
        if (next.status == 403) ++turned_away;
      });
    }
  }
  void serve(int loops, const Loop& answer) {
    backend.script = [this, loops, answer](FakeRuntime& runtime) {
      start_loops(runtime, loops, answer);
      return runtime.hang();
    };
  }
  // Each call passes the gate, then answers with the number of its instance.
  void start_loops_at_gate(FakeRuntime& runtime, int loops) {
    start_loops(runtime, loops, [this, number = std::to_string(runtime.number)](FakeApi& api, const std::string& payload) {
      gate.pass(payload);
      api.respond(number);
    });
  }
  void serve_at_gate(int loops) {
    backend.script = [this, loops](FakeRuntime& runtime) {
      start_loops_at_gate(runtime, loops);
      return runtime.hang();
    };
  }
  void await_inside(int calls) {
    run_until([&] { return gate.inside() == calls; });
  }
  void TearDown() override {
    gate.open();
    EngineTest::TearDown();
    for (std::thread& loop : loops_) loop.join();
  }

  Gate gate;
  std::atomic<int> turned_away = 0;  // loops

 private:
  std::mutex mutex_;
  std::vector<std::thread> loops_;
};

}  // namespace wick::invoke
