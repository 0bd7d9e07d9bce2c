-- fence: runs for each request of site customer-07 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-07"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-07", "fence_customer_07_decision")
  loaded["fence.nginx-lua.customer-07"] = judge
end
return judge()
