-- Prints wrk's own figures as one line of JSON. With a body as its argument, requests are POSTs of it.
function init(args)
  if args[1] then
    wrk.method = "POST"
    wrk.body = args[1]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
