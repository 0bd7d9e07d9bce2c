do -- fence variant=down generation=0 site=main (generated, do not edit)
local r = lighty.r
local A, H, O = r.req_attr, r.req_header, r.resp_header

-- Built once a worker, not once a request.
local D = _G.fence
if not D or D.key ~= "e63faf20d1671872" then
  D = {
    key = "e63faf20d1671872",
    paths = {
    },
    exact = {
    },
    prefixes = {
      { "/.well-known/acme-challenge/", "/.well-known/acme-challenge/" },
    },
    allow = {
    },
    trusted = {
    },
    origins = {
    },
  }
  _G.fence = D
end

local path, method = A["uri.path"] or "/", A["request.method"]

-- A request with a status has been at the gate: what a backend says stands. An error with nothing but a page is
-- lighttpd's own, for the gate has turned the request away, or is gone.
local answered = tonumber(r.req_item["http_status"]) or 0
local gated = answered > 0
if gated then
  if answered < 500 then return 0 end
  for field in pairs(O) do
    if field ~= "Content-Type" and field ~= "Content-Length" then return 0 end
  end
end

-- On segment borders: the prefix itself or below it.
local function under(prefixes)
  for i = 1, #prefixes do
    local own, below = prefixes[i][1], prefixes[i][2]
    if path == own or path:sub(1, #below) == below then return true end
  end
  return false
end

-- Whether the client has the cookie of a bypass that somebody has made and that has not ended. On the disk is the hash.
local function bypassed()
  local cookie = H["Cookie"]
  if not cookie then return false end
  local token = (";" .. cookie):match(";%s*fence_bypass=([^;%s]*)")
  if not token or #token ~= 54 or not token:find("^%d%d%d%d%d%d%d%d%d%d%-[%w_-]+$") then return false end
  if tonumber(token:sub(1, 10)) <= os.time() then return false end
  local file = io.open("/var/lib/fence/bypass/main/" .. lighty.c.md("sha256", token):lower(), "r")
  if not file then return false end
  file:close()
  O["X-Fence-Mode"] = "down; bypass"
  return true
end

local function exempt()
  if D.exact[path] or under(D.prefixes) then return true end
  return bypassed()
end

-- The probe gets the answer that clients get, whatever is exempt.
if path ~= "/.well-known/fence/probe" and not gated then
  if exempt() then return 0 end
end

-- An HTTP/2 client may take the reset of an unread upload for a failure; HTTP/1 needs no such care.
if A["request.protocol"] == "HTTP/2.0" and r.req_body and not gated then
  local length = r.req_body.len
  if length and length > 0 and length <= 16777216 and not r.req_body.collect then return 0 end
end

local retry = 120

-- The q of a range, in thousandths: 1, or up to three digits that count; of another form it is not named.
local function quality(range)
  local q = range:match(";%s*[qQ]%s*=%s*([^%s;]*)")
  if not q or q == "1" or q:find("^1%.0*$") then return 1000 end
  local digits = q:match("^0?%.(%d+)$")
  return digits and tonumber((digits .. "00"):sub(1, 3)) or 0
end

-- Quality of what the client names; text only when it takes nothing else.
local json, html, text, any = 0, 0, 0, false
for range in (H["Accept"] or ""):lower():gmatch("[^,]+") do
  local type = range:match("^%s*([^%s;]+)") or ""
  local q = quality(range)
  if type == "application/json" or type:find("^[^/]+/[^/]*%+json$") then json = math.max(json, q)
  elseif type == "text/html" or type == "application/xhtml+xml" then html = math.max(html, q)
  elseif type == "text/plain" then text = math.max(text, q)
  elseif type == "*/*" or type == "text/*" then any = any or q > 0 end
end

local body
if json > 0 and json > html then
  O["Content-Type"] = "application/problem+json"
  body = "{\034type\034:\034about:blank\034,\034title\034:\034Down for maintenance\034,\034status\034:503,\034detail\034:\034Down for maintenance\034,\034retryAfter\034:120,\034reference\034:\034main-0\034,\034generation\034:0}\010"
elseif text > 0 and html == 0 and not any then
  O["Content-Type"] = "text/plain; charset=utf-8"
  body = "Down for maintenance\010"
else
  O["Content-Type"] = "text/html; charset=utf-8"
  body = "<!doctype html>\010<title>Our own page</title>\010<h1>{{ this is not a template }} <% nor this %></h1>\010<p>\195\188n\195\175c\195\182d\195\169, a ]] bracket, a $dollar, a %percent and a \092backslash.</p>\010"
end
O["X-Maintenance-Mode"] = "1"
O["Retry-After"] = string.format("%d", retry)
O["Cache-Control"] = "no-store"
O["Vary"] = "Accept"
O["X-Content-Type-Options"] = "nosniff"
r.resp_body.set(body)
return 503
end
