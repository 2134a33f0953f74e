'use strict';
// console.* as log events, in AWS's text format (time, request id, level, message between tabs) or its JSON format.
const util = require('node:util');
const { toError, toLogText } = require('./errors.cjs');

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const METHODS = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };

function formatText(requestId, level, args) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${util.format(...args)}`;
}

function describe(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: error.stack?.split?.('\n') ?? [],
  };
}

function formatJson(requestId, level, args) {
  const entry = { timestamp: new Date().toISOString(), level, requestId };
  if (args.length === 1) {
    try {
      entry.message = args[0];
      return JSON.stringify(entry, (_, value) => (value instanceof Error ? { ...describe(value), ...value } : value));
    } catch {
      entry.message = util.format(args[0]);  // circular, or a BigInt
      return JSON.stringify(entry);
    }
  }
  entry.message = util.format(...args);
  const error = args.find((arg) => arg instanceof Error);
  return JSON.stringify(error ? { ...entry, ...describe(error) } : entry);
}

// Replaces the methods of console. Returns the log: requestId is what later events carry, error(title, error) logs a failure.
function patchConsole(channel) {
  const json = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
  const format = json ? formatJson : formatText;
  const lowest = LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase());
  const log = {
    requestId: undefined,
    error: (title, error) => (json ? console.error(toError(error)) : console.error(title, `\t${toLogText(toError(error))}`)),
  };
  for (const [method, level] of Object.entries(METHODS)) {
    console[method] = LEVELS.indexOf(level) < lowest ? () => {} : (...args) => channel.log(format(log.requestId, level, args));
  }
  return log;
}

module.exports = { formatText, patchConsole };
