-- One line for xtask: requests, microseconds, failures, the 99th percentile in microseconds.
function done(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("figures %d %d %d %d\n", summary.requests, summary.duration, failed, latency:percentile(99)))
end
