-- fence: runs for each request of site customer-09 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-09"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-09", "fence_customer_09_decision")
  loaded["fence.nginx-lua.customer-09"] = judge
end
return judge()
