-- fence: whether somebody has made a bypass with this token (generated, do not edit)
--
-- On the disk is the SHA-256 of a token, as the name of a file, and nginx has none to offer to Lua.
local M = {}
package.loaded["fence.nginx-lua.bypass"] = M

local bit = require("bit")
local band, bnot, bxor, ror, rshift, tobit = bit.band, bit.bnot, bit.bxor, bit.ror, bit.rshift, bit.tobit
local FOLDER = "/var/lib/fence/bypass/"

-- Of the first 64 primes: bits of their cube roots, and of the square roots of the first eight (FIPS 180-4, 4.2.2, 5.3.3).
local K, H = {}, {}
local n = 2
while #K < 64 do
  local is_prime = true
  for divisor = 2, math.floor(math.sqrt(n)) do is_prime = is_prime and n % divisor ~= 0 end
  if is_prime then
    K[#K + 1] = tobit(math.floor(n ^ (1 / 3) % 1 * 2 ^ 32))
    if #H < 8 then H[#H + 1] = tobit(math.floor(n ^ (1 / 2) % 1 * 2 ^ 32)) end
  end
  n = n + 1
end

-- Of up to 55 bytes, which is one block.
local function sha256(text)
  local bits = #text * 8
  local block = text .. "\128" .. ("\0"):rep(61 - #text) .. string.char(math.floor(bits / 256), bits % 256)
  local w = {}
  for t = 1, 16 do
    local a, b, c, d = block:byte(4 * t - 3, 4 * t)
    w[t] = tobit(a * 2 ^ 24 + b * 2 ^ 16 + c * 2 ^ 8 + d)
  end
  for t = 17, 64 do
    local x, y = w[t - 15], w[t - 2]
    local s0 = bxor(ror(x, 7), ror(x, 18), rshift(x, 3))
    local s1 = bxor(ror(y, 17), ror(y, 19), rshift(y, 10))
    w[t] = tobit(w[t - 16] + s0 + w[t - 7] + s1)
  end
  local a, b, c, d, e, f, g, h = unpack(H)
  for t = 1, 64 do
    local s1 = bxor(ror(e, 6), ror(e, 11), ror(e, 25))
    local one = h + s1 + bxor(band(e, f), band(bnot(e), g)) + K[t] + w[t]
    local s0 = bxor(ror(a, 2), ror(a, 13), ror(a, 22))
    local two = s0 + bxor(band(a, b), band(a, c), band(b, c))
    a, b, c, d, e, f, g, h = tobit(one + two), a, b, c, tobit(d + one), e, f, g
  end
  local hex = ""
  for i, word in ipairs({ a, b, c, d, e, f, g, h }) do hex = hex .. bit.tohex(tobit(word + H[i])) end
  return hex
end

-- `token` has the form of one and has not ended, or is "".
function M.known(site, token)
  if token == "" then return false end
  local file = io.open(FOLDER .. site .. "/" .. sha256(token), "r")
  if file then file:close() end
  return file ~= nil
end

return M
