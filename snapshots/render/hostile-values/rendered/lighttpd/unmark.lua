do -- fence: what a script has marked is for the gate, what a client has marked is looked at anew (generated, do not edit)
local r = lighty.r
if r.req_env["FENCE_HOLD"] then
  r.req_env["FENCE_HOLD"] = nil
  -- By this lighttpd counts how often a request was looked at anew: no program's to see.
  r.req_env["_L_MAGNET_RESTART"] = nil
  return 0
end
r.req_header["X-Fence-Hold"] = ""
return lighty.RESTART_REQUEST
end
