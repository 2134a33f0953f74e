#pragma once
// The part of channel.cjs and serve.cjs that is paid for in each invocation, as functions of the Node.js addon. For one thread.
#include <node_api.h>

void wick_export_channel(napi_env env, napi_value exports);
