-- fence: seconds for Retry-After on the maintenance answer (generated, do not edit)
return dofile("/etc/fence/rendered/nginx-lua/state.lua").retry_after(ngx.arg[1])
