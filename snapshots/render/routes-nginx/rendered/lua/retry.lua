-- fence: seconds for Retry-After on the maintenance answer (generated, do not edit)
local state = package.loaded["fence.lua"] or dofile("/etc/fence/rendered/lua/state.lua")
return state.retry_after(ngx.arg[1])
