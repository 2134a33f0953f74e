#include "http/aws/service_model.h"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace wick::http::aws {
namespace {

namespace json = boost::json;

constexpr std::string_view table = R"({
  "service": "toy", "protocol": "rest-json",
  "operations": {
    "PutThing": {"method": "PUT", "uri": "/things/{Name}", "status": 201, "input": "PutThingRequest", "output": "Thing"},
    "GetFile": {"method": "GET", "uri": "/files/{Path+}", "input": "GetFileRequest"},
    "DeleteThing": {"method": "DELETE", "uri": "/things/{Name}", "status": 204}
  },
  "shapes": {
    "PutThingRequest": {"type": "structure", "required": ["Name"], "members": {
      "Name": {"shape": "string", "location": "uri"},
      "Size": {"shape": "long", "location": "querystring", "locationName": "size"},
      "Dry": {"shape": "boolean", "location": "header", "locationName": "X-Dry"},
      "When": "timestamp", "Bytes": "blob", "Parts": "Parts", "Weights": "Weights"}},
    "Parts": {"type": "list", "member": "Part", "max": 2},
    "Part": {"type": "structure", "required": ["Id"], "members": {"Id": "Id"}},
    "Id": {"type": "string", "pattern": "[a-z.]+", "max": 3},
    "Weights": {"type": "map", "key": "Id", "value": "integer"},
    "GetFileRequest": {"type": "structure", "members": {"Path": {"shape": "string", "location": "uri"}}},
    "Thing": {"type": "structure", "members": {"When": "timestamp", "Bytes": "blob", "Parts": "Parts",
      "Tag": {"shape": "string", "location": "header", "locationName": "X-Tag"}}}
  }
})";

const ServiceModel& model() {
  static const auto parsed = ServiceModel::parse(table);
  return **parsed;
}

Request request(std::string method, std::string path, std::string query = {}, std::string body = {}) {
  Request out;
  out.method = std::move(method);
  out.path = std::move(path);
  out.query = std::move(query);
  out.body = std::move(body);
  return out;
}

ApiResult<json::object> decode(const Request& asked) { return model().decode(*model().match(asked), asked); }

std::string message(std::string body) {
  const auto input = decode(request("PUT", "/things/x", "", std::move(body)));
  return input ? "" : input.error().message;
}

TEST(ServiceModel, ReadsEveryPlace) {
  Request asked = request("PUT", "/things/a%2Fb", "size=12", R"({"When":1.5,"Bytes":"aGk=","Parts":[{"Id":"a"}],"Other":1,"Weights":null})");
  asked.fields.add("x-dry", "true");
  const auto input = decode(asked);
  ASSERT_TRUE(input) << input.error().message;
  EXPECT_EQ(json::value(*input), json::parse(R"({"Name":"a/b","Size":12,"Dry":true,"When":1.5,"Bytes":"hi","Parts":[{"Id":"a"}]})"));
}

TEST(ServiceModel, GreedyLabelsTakeTheRest) {
  const auto input = decode(request("GET", "/files/a/b%20c"));
  ASSERT_TRUE(input);
  EXPECT_EQ(input->at("Path"), "a/b c");
  EXPECT_FALSE(model().match(request("GET", "/files")));
}

TEST(ServiceModel, RepairsBytesThatAreNoText) {
  const auto input = decode(request("PUT", "/things/%FFx"));
  ASSERT_TRUE(input);
  EXPECT_EQ(input->at("Name"), "\uFFFDx");
}

TEST(ServiceModel, WordsNestedErrors) {
  EXPECT_EQ(message(R"({"Parts":[{"Id":"a"},{}]})"),
            "1 validation error detected: Value null at 'parts.2.member.id' failed to satisfy constraint: Member must not be null");
  EXPECT_EQ(message(R"({"Parts":[{},{"Id":"a"},{"Id":"b"}]})"),
            "2 validation errors detected: Value null at 'parts.1.member.id' failed to satisfy constraint: Member must not be null; "
            "Value '[Part(id=null), Part(id=a), Part(id=b)]' at 'parts' failed to satisfy constraint: "
            "Member must have length less than or equal to 2");
  EXPECT_EQ(message(R"({"Parts":[{"Id":"A1234"}]})"),
            "2 validation errors detected: Value 'A1234' at 'parts.1.member.id' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-z.]+; Value 'A1234' at 'parts.1.member.id' failed to satisfy constraint: "
            "Member must have length less than or equal to 3");
  EXPECT_EQ(message(R"({"Parts":[null]})"),
            "1 validation error detected: Value '[null]' at 'parts' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must not be null]");
}

TEST(ServiceModel, BoundsWhatAnErrorQuotes) {
  EXPECT_LT(message(R"({"Parts":[{"Id":")" + std::string(1'000'000, 'A') + R"("}]})").size(), 40'000u);
  std::string entries = "{}";
  for (int i = 0; i < 10'000; ++i) entries += ",{}";
  EXPECT_LT(message(R"({"Parts":[)" + entries + "]}").size(), 40'000u);
}

TEST(ServiceModel, RefusesBrokenBodies) {
  for (const std::string_view body : {"{", "{\"a\":}", "{} {}", "nul", "{\"Bytes\":\"\xFF\"}"}) {
    const auto input = decode(request("PUT", "/things/x", "", std::string(body)));
    ASSERT_FALSE(input) << body;
    EXPECT_EQ(input.error().code, "SerializationException");
  }
  EXPECT_NE(message(std::string(100'000, '[')), "");  // deep nesting
}

TEST(ServiceModel, CutsFractionsAndRefusesWhatIsOutOfRange) {
  const auto input = decode(request("PUT", "/things/x", "", R"({"Weights":{"a":1.9,"b":-1.9}})"));
  ASSERT_TRUE(input);
  EXPECT_EQ(input->at("Weights"), json::parse(R"({"a":1,"b":-1})"));
  EXPECT_EQ(message(R"({"Weights":{"a":1e300}})"), "NUMBER_VALUE can not be converted to an Integer");
  EXPECT_EQ(message(R"({"Weights":{"a":18446744073709551615}})"), "NUMBER_VALUE can not be converted to an Integer");
}

TEST(ServiceModel, WritesMembersWhereTheShapeSays) {
  const auto match = model().match(request("PUT", "/things/x"));
  const Response answer = model().encode(*match->operation, {{"When", 1.5}, {"Bytes", "hi"}, {"Tag", "t"}, {"Parts", nullptr}, {"Odd", 1}});
  EXPECT_EQ(answer.status, 201u);
  EXPECT_EQ(json::parse(answer.body), json::parse(R"({"When":1.5,"Bytes":"aGk="})"));
  EXPECT_EQ(answer.fields.get("X-Tag"), "t");
  EXPECT_EQ(answer.fields.get("content-type"), "application/json");
  const Response gone = model().encode(*model().match(request("DELETE", "/things/x"))->operation, {});
  EXPECT_EQ(gone.status, 204u);
  EXPECT_EQ(gone.body, "");
}

TEST(ServiceModel, ErrorsCarryCodeAndRequestId) {
  const Response answer = model().encode_error({404, "UnknownOperationException", "none", {}}, "id-1");
  EXPECT_EQ(answer.status, 404u);
  EXPECT_EQ(answer.fields.get("x-amzn-errortype"), "UnknownOperationException");
  EXPECT_EQ(answer.fields.get("x-amzn-requestid"), "id-1");
  EXPECT_EQ(answer.body, R"({"message":"none"})");
}

TEST(ServiceModel, RefusesABrokenTable) {
  for (const std::string_view bad :
       {"", "[]", R"({"operations":{},"shapes":{"A":{"type":"list","member":"B"}}})",
        R"({"operations":{},"shapes":{"A":{"type":"string","pattern":"(?!a)b"}}})", R"({"operations":{},"shapes":{"A":{"type":"thing"}}})",
        R"({"operations":{"O":{"method":"GET","uri":"/","input":"A"}},"shapes":{}})"}) {
    EXPECT_FALSE(ServiceModel::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace wick::http::aws
