-- fence: runs for each request of site customer-19 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-19"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-19", "fence_customer_19_decision")
  loaded["fence.nginx-lua.customer-19"] = judge
end
return judge()
