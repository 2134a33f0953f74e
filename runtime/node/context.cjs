'use strict';
// The part of the handler's context object that is the same for buffered and streaming handlers.

function parseJson(text, name) {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch (error) {
    throw new Error(`Cannot parse ${name} as json: ${error}`);
  }
}

// What is the same in each invocation of an instance, read once: process.env searches the C library's list each time. The log stream tells
// a fork from its template.
let known = { logStreamName: null };

function fieldsOfInstance() {
  const logStreamName = process.env.AWS_LAMBDA_LOG_STREAM_NAME;
  if (known.logStreamName !== logStreamName) {
    known = {
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName,
    };
  }
  return known;
}

// meta: of the invocation, see runtime/README.md. Throws if the caller's client context is not JSON.
function contextOf(meta) {
  return {
    ...fieldsOfInstance(),
    clientContext: parseJson(meta.clientContext, 'ClientContext'),
    identity: undefined,
    invokedFunctionArn: meta.arn,
    awsRequestId: meta.requestId,
    getRemainingTimeInMillis: () => meta.deadlineMs - Date.now(),
  };
}

module.exports = { contextOf };
