-- fence: whether a client that is not read has left, for server nginx-lua (generated, do not edit)
--
-- nginx looks for the end of a connection with recv(MSG_PEEK), and Lua's module does no more: an end behind bytes that
-- nobody has read, such as a body or the farewell of TLS, does not show there. poll(2) tells it all the same. The two
-- structures begin like this in every nginx from 1.0 on (ngx_http_request.h, ngx_connection.h).
local ffi = require("ffi")
local get_request = require("resty.core.base").get_request

pcall(ffi.cdef, [[
  typedef struct { int fd; short events; short revents; } fence_pollfd;
  typedef struct { void *data, *read, *write; int fd; } fence_connection;
  typedef struct { uint32_t signature; fence_connection *connection; } fence_request;
  int fence_poll(fence_pollfd *fds, unsigned long count, int timeout) __asm__("poll");
]])

local C = ffi.C
local asked = ffi.new("fence_pollfd[1]")
local END_OF_PEER, ERROR, HUNG_UP = 0x2000, 0x8, 0x10
-- NGX_HTTP_MODULE, "HTTP" by the bytes of this machine.
local SIGNATURE = 0x50545448

local M = {}

-- The socket of the request at hand; nil when it cannot be told.
function M.of_request()
  local r = ffi.cast("fence_request *", get_request())
  return r.signature == SIGNATURE and r.connection.fd or nil
end

function M.is_gone(socket)
  if not socket then return false end
  asked[0].fd, asked[0].events = socket, END_OF_PEER
  if C.fence_poll(asked, 1, 0) < 1 then return false end
  return bit.band(asked[0].revents, END_OF_PEER + ERROR + HUNG_UP) ~= 0
end

return M
