do -- fence variant=down generation=0 site=customer-10 (generated, do not edit)
local r = lighty.r
local A, H, O = r.req_attr, r.req_header, r.resp_header

-- Built once a worker, not once a request.
local D = _G.fence
if not D or D.key ~= "92152c170fce6092" then
  D = {
    key = "92152c170fce6092",
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

-- The answer of a request that was sent to the gate: what a backend says stands. An error with nothing but a page is
-- lighttpd's own, for the gate has turned the request away, or is gone.
local gated = A["uri.authority"] == "!hold.customer-10"
if gated then
  if (tonumber(r.req_item["http_status"]) or 0) < 500 then return 0 end
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

local function exempt()
  if D.exact[path] or under(D.prefixes) then return true end
  return false
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

-- Quality of what the client names; text only when it takes nothing else.
local json, html, text, any = 0, 0, 0, false
for range in (H["Accept"] or ""):lower():gmatch("[^,]+") do
  local type = range:match("^%s*([^%s;]+)") or ""
  local q = tonumber(range:match(";%s*q%s*=%s*([%d.]+)")) or 1
  if type == "application/json" or type:find("^[^/]+/[^/]*%+json$") then json = math.max(json, q)
  elseif type == "text/html" or type == "application/xhtml+xml" then html = math.max(html, q)
  elseif type == "text/plain" then text = math.max(text, q)
  elseif type == "*/*" or type == "text/*" then any = any or q > 0 end
end

local body
if json > 0 and json > html then
  O["Content-Type"] = "application/problem+json"
  body = "{\034type\034:\034about:blank\034,\034title\034:\034Down for maintenance\034,\034status\034:503,\034detail\034:\034Down for maintenance\034,\034retryAfter\034:120,\034generation\034:0}\010"
elseif text > 0 and html == 0 and not any then
  O["Content-Type"] = "text/plain; charset=utf-8"
  body = "Down for maintenance\010"
else
  O["Content-Type"] = "text/html; charset=utf-8"
  body = "<!doctype html>\010<html lang=\034en\034>\010<head>\010<meta charset=\034utf-8\034>\010<meta name=\034viewport\034 content=\034width=device-width, initial-scale=1\034>\010<meta name=\034color-scheme\034 content=\034light dark\034>\010<title>Down for maintenance</title>\010<link rel=\034icon\034 href=\034data:,\034>\010<style>\010body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem; }\010h1 { font-size: 1.75rem; line-height: 1.25; }\010</style>\010</head>\010<body>\010<main>\010<h1>Down for maintenance</h1>\010<p><a href=\034\034>Try again</a></p>\010</main>\010</body>\010</html>\010"
end
O["X-Maintenance-Mode"] = "1"
O["Retry-After"] = string.format("%d", retry)
O["Cache-Control"] = "no-store"
O["Vary"] = "Accept"
O["X-Content-Type-Options"] = "nosniff"
r.resp_body.set(body)
return 503
end
