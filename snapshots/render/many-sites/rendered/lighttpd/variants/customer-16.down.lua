do -- fence variant=down generation=0 site=customer-16 (generated, do not edit)
local r = lighty.r
local A, H, O = r.req_attr, r.req_header, r.resp_header

-- Built once a worker, not once a request.
local D = _G.fence
if not D or D.key ~= "b5fcaa6932c2ec0f" then
  D = {
    key = "b5fcaa6932c2ec0f",
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
  local file = io.open("/var/lib/fence/bypass/customer-16/" .. lighty.c.md("sha256", token):lower(), "r")
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
  body = "{\034type\034:\034about:blank\034,\034title\034:\034Down for maintenance\034,\034status\034:503,\034detail\034:\034Down for maintenance\034,\034retryAfter\034:120,\034reference\034:\034customer-16-0\034,\034generation\034:0}\010"
elseif text > 0 and html == 0 and not any then
  O["Content-Type"] = "text/plain; charset=utf-8"
  body = "Down for maintenance\010"
else
  O["Content-Type"] = "text/html; charset=utf-8"
  O["Content-Language"] = "en"
  body = "<!doctype html>\010<html lang=\034en\034 dir=\034ltr\034>\010<meta charset=\034utf-8\034>\010<meta http-equiv=\034Content-Security-Policy\034 content=\034default-src &#x27;none&#x27;; style-src &#x27;sha256-1i5pRjCgfa8qQpsHopb3gIBQ5efrl9PeK/8NqZWBoNM&#x3D;&#x27;; script-src &#x27;sha256-9Y/Yd0UZwNFghEG0w4eamuxl32jRL3AehoX7sqi8JLA&#x3D;&#x27;; img-src data:; connect-src &#x27;self&#x27;; base-uri &#x27;none&#x27;; form-action &#x27;none&#x27;\034>\010<meta name=\034viewport\034 content=\034width=device-width\034>\010<meta name=\034color-scheme\034 content=\034light dark\034>\010<title>Down for maintenance</title>\010<link rel=\034icon\034 href=\034data:,\034>\010<style>:root{--ink:#1b1b1b;--paper:#fff;--link:#0b57a4}@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#161616;--link:#8ab8f5}}body{margin:0 auto;padding:12vh 1.5rem 2rem;max-width:36rem;font:1.125rem/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}img{display:block;margin:0 0 1.2rem;max-width:100%;max-height:6rem}h1{margin:0 0 1rem;font-size:1.8rem;line-height:1.25}p{margin:0 0 1rem}a{color:var(--link)}.again{display:inline-block;padding:.6rem 1.4rem;border:2px solid;border-radius:.4rem;font-weight:600;text-decoration:none}.again:hover{text-decoration:underline}:focus-visible{outline:3px solid;outline-offset:3px}.small{margin-top:2.5rem;font-size:.95rem}</style>\010<main>\010<h1>Down for maintenance</h1>\010<p>We are working on this site. Please come back a little later.</p>\010<p>If you were sending something, it was not saved: please send it again later.</p>\010<p><a class=\034again\034 href=\034\034>Try again</a></p>\010<p role=\034status\034></p>\010<p class=\034small\034>\010\010\010Reference: <span dir=\034ltr\034>customer-16-0</span></p>\010</main>\010<script data-header=\034X-Maintenance-Mode\034 data-watching=\034This page reloads by itself when the site is back.\034 data-back=\034The site is back. Loading it now.\034 data-late=\034This is taking longer than expected.\034>const { header, watching, back, late } = document.currentScript.dataset;\010const note = document.querySelector(\034[role=status]\034);\010const time = document.querySelector(\034time\034);\010const until = time && new Date(time.dateTime);\010let seconds = 5, due, timer;\010const tell = () => {\010if (until) time.textContent = until < Date.now() ? late : until.toLocaleString(document.documentElement.lang, { dateStyle: \034long\034, timeStyle: \034short\034 });\010};\010const wait = () => {\010const ms = seconds * 1000 * (0.5 + Math.random());\010seconds = Math.min(seconds * 1.5, 120);\010plan(ms);\010};\010const plan = (ms) => {\010clearTimeout(timer);\010due = Date.now() + ms;\010timer = setTimeout(look, ms);\010};\010const look = async () => {\010if (document.hidden) return;\010tell();\010const answer = await fetch(location.href, { method: \034HEAD\034, cache: \034no-store\034, redirect: \034manual\034 }).catch(() => {});\010if (!answer || answer.status > 499 || answer.headers.has(header)) return wait();\010note.textContent = back;\010setTimeout(() => location.hash ? location.reload() : location.replace(location.href), 3000 * Math.random());\010};\010document.addEventListener(\034visibilitychange\034, () => {\010if (!document.hidden && Date.now() > due) plan(1000 * Math.random());\010});\010note.textContent = watching;\010tell();\010wait();</script>\010</html>\010"
end
O["X-Maintenance-Mode"] = "1"
O["Retry-After"] = string.format("%d", retry)
O["Cache-Control"] = "no-store"
O["Vary"] = "Accept"
O["X-Content-Type-Options"] = "nosniff"
r.resp_body.set(body)
return 503
end
