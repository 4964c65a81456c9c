-- Logins, each with a code that was not used before: the round's name and a number.
-- Arguments: round, login cookie, origin, corp, agent.
local round, corp, agent
local number = 0

function init(args)
  round, corp, agent = args[1], args[4], args[5]
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Cookie"] = args[2]
  wrk.headers["Origin"] = args[3]
end

function request()
  number = number + 1
  local body = string.format('{"corpId":"%s","agentId":"%s","code":"%s-%d"}', corp, agent, round, number)
  return wrk.format(nil, nil, nil, body)
end

dofile("backend/examples/bench/figures.lua")
