-- The same request again and again, with a session. Arguments: round, cookie.
function init(args)
  wrk.headers["Cookie"] = args[2]
end

dofile("backend/examples/bench/figures.lua")
