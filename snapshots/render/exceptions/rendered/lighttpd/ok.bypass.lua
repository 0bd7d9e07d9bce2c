do -- fence: answers a link of "fence bypass new", in every mode; site=ok (generated, do not edit)
local r = lighty.r
local A, O = r.req_attr, r.resp_header
local token = (A["uri.path"] or ""):sub(#"/.well-known/fence/bypass/" + 1)
O["Cache-Control"] = "no-store"
local file = #token == 54 and token:find("^%d%d%d%d%d%d%d%d%d%d%-[%w_-]+$")
  and tonumber(token:sub(1, 10)) > os.time()
  and io.open("/var/lib/fence/bypass/ok/" .. lighty.c.md("sha256", token):lower(), "r")
if not file then
  O["Content-Type"] = "text/plain; charset=utf-8"
  r.resp_body.set("404 Not Found\n")
  return 404
end
file:close()
local secure = A["uri.scheme"] == "https" and "; Secure" or ""
O["Set-Cookie"] = "fence_bypass=" .. token .. "; Path=/; HttpOnly; SameSite=Lax" .. secure
O["Location"] = "/"
O["Referrer-Policy"] = "no-referrer"
return 303
end
