#include "function/version_record.h"

#include <charconv>

#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "function/json_fields.h"
#include "function/json_record.h"

namespace wick::function {
namespace json = boost::json;
namespace {

json::array layers_of(const Version& version) {
  json::array out;
  for (const auto& layer : version.layers) {
    out.push_back({{"arn", layer.arn}, {"code", layer.code.str()}, {"code_size", layer.code_size}, {"unzipped_bytes", layer.unzipped_bytes}});
  }
  return out;
}

json::object environment_of(const Version& version) {
  json::object out;
  for (const auto& [key, value] : version.environment) out[key] = value;
  return out;
}

// What makes two versions the same to run and to read.
json::object content_of(const Version& version) {
  json::object out{
      {"description", version.description},
      {"runtime", version.runtime},
      {"handler", version.handler},
      {"role", version.role},
      {"architecture", version.architecture},
      {"environment", environment_of(version)},
      {"environment_given", version.environment_given},
      {"layers", layers_of(version)},
      {"code", version.code.str()},
      {"code_size", version.code_size},
      {"code_unzipped_bytes", version.code_unzipped_bytes},
      {"memory_mb", version.memory_mb},
      {"timeout_s", version.timeout_s},
      {"tmp_mb", version.tmp_mb},
      {"log_json", version.log_format == LogFormat::json},
      {"application_log_level", version.application_log_level},
      {"system_log_level", version.system_log_level},
      {"log_group", version.log_group},
      {"tracing_mode", version.tracing_mode},
      {"snap_start", version.snap_start},
      {"dead_letter_arn", version.dead_letter_arn},
      {"kms_key_arn", version.kms_key_arn},
  };
  if (version.vpc) {
    out["vpc"] = {
        {"subnets", array_of(version.vpc->subnets)}, {"security_groups", array_of(version.vpc->security_groups)}, {"ipv6", version.vpc->ipv6}};
  }
  json::array file_systems;
  for (const auto& fs : version.file_systems) file_systems.push_back({{"arn", fs.arn}, {"mount_path", fs.mount_path}});
  out["file_systems"] = std::move(file_systems);
  return out;
}

void read_lists(const json::object& record, Version& out) {
  if (const auto* environment = object_in(record, "environment")) {
    for (const auto& [key, value] : *environment) out.environment[std::string(key)] = value.as_string();
  }
  if (const auto* layers = member(record, "layers")) {
    for (const auto& item : layers->as_array()) {
      const auto& layer = item.as_object();
      out.layers.push_back({text(layer, "arn"), blob::BlobId(text(layer, "code")), number<std::uint64_t>(layer, "code_size"),
                            number<std::uint64_t>(layer, "unzipped_bytes")});
    }
  }
  if (const auto* file_systems = member(record, "file_systems")) {
    for (const auto& item : file_systems->as_array()) {
      out.file_systems.push_back({text(item.as_object(), "arn"), text(item.as_object(), "mount_path")});
    }
  }
  if (const auto* vpc = object_in(record, "vpc")) {
    out.vpc = VpcConfig{texts(*vpc, "subnets"), texts(*vpc, "security_groups"), flag(*vpc, "ipv6")};
  }
}

}  // namespace

json::object to_record(const Version& version) {
  auto out = content_of(version);
  out["name"] = version.name.str();
  out["version"] = version.version;
  out["generation"] = version.generation;
  out["state"] = static_cast<int>(version.state);
  out["state_reason"] = version.state_reason;
  out["update_status"] = static_cast<int>(version.update_status);
  out["update_reason"] = version.update_reason;
  out["revision_id"] = version.revision_id;
  out["last_modified"] = version.last_modified;
  return out;
}

Version version_of(const json::object& record) {
  Version out;
  out.name = FunctionName(text(record, "name"));
  out.version = text(record, "version");
  out.generation = text(record, "generation");
  out.description = text(record, "description");
  out.runtime = text(record, "runtime");
  out.handler = text(record, "handler");
  out.role = text(record, "role");
  out.architecture = text(record, "architecture");
  out.environment_given = flag(record, "environment_given");
  out.code = blob::BlobId(text(record, "code"));
  out.code_size = number<std::uint64_t>(record, "code_size");
  out.code_unzipped_bytes = number<std::uint64_t>(record, "code_unzipped_bytes");
  out.memory_mb = number<std::uint32_t>(record, "memory_mb");
  out.timeout_s = number<std::uint32_t>(record, "timeout_s");
  out.tmp_mb = number<std::uint32_t>(record, "tmp_mb");
  out.log_format = flag(record, "log_json") ? LogFormat::json : LogFormat::text;
  out.application_log_level = text(record, "application_log_level");
  out.system_log_level = text(record, "system_log_level");
  out.log_group = text(record, "log_group");
  out.tracing_mode = text(record, "tracing_mode");
  out.snap_start = text(record, "snap_start");
  out.dead_letter_arn = text(record, "dead_letter_arn");
  out.kms_key_arn = text(record, "kms_key_arn");
  out.state = static_cast<State>(number<int>(record, "state"));
  out.state_reason = text(record, "state_reason");
  out.update_status = static_cast<UpdateStatus>(number<int>(record, "update_status"));
  out.update_reason = text(record, "update_reason");
  out.revision_id = text(record, "revision_id");
  out.last_modified = text(record, "last_modified");
  read_lists(record, out);
  return out;
}

Result<Version> parse_version(std::string_view record) {
  WICK_TRY(const auto object, parse_record(record));
  return version_of(object);
}

std::string code_sha256(const blob::BlobId& code) {
  std::string bytes;
  const auto& hex = code.str();
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned char byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  return to_base64(bytes);
}

std::string fingerprint(const Version& version) { return to_hex(bytes_of(sha256(json::serialize(content_of(version))))); }

}  // namespace wick::function
