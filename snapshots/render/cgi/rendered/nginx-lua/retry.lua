-- fence: seconds for Retry-After on the maintenance answer (generated, do not edit)
local state = package.loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")
return state.retry_after(ngx.arg[1])
