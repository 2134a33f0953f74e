'use strict';
// Errors of the runtime itself, and the forms in which any error is reported and logged. Types and texts are AWS's.

class RuntimeError extends Error {
  // kind: ImportModuleError, HandlerNotFound ...; message may be the error that caused it.
  constructor(kind, message) {
    super(message);
    Object.defineProperty(this, 'name', { value: `Runtime.${kind}` });
    Error.captureStackTrace(this, RuntimeError);  // again, for the name in its first line
  }
}

function looksLikeError(value) {
  return value instanceof Error || ['name', 'message', 'stack'].every((key) => typeof value?.[key] === 'string' && value[key]);
}

// The error as the caller of the function sees it. Whatever user code throws: a getter in it may throw as well.
function toErrorObject(error) {
  try {
    if (looksLikeError(error)) {
      return { errorType: error.name, errorMessage: error.message, trace: error.stack.split('\n') };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

function toError(value) {
  return value instanceof Error ? value : new Error(value);
}

// The error as one line of a text log: its own properties, and those that JSON.stringify does not see.
function toLogText(error) {
  const withHidden = (_, value) => (value instanceof Error
    ? { errorType: value.name, errorMessage: value.message, code: value.code, ...value, stack: value.stack?.split?.('\n') }
    : value);
  try {
    return JSON.stringify(error, withHidden);
  } catch {
    return JSON.stringify(toErrorObject(error));
  }
}

module.exports = { RuntimeError, toError, toErrorObject, toLogText };
