-- fence: runs for each request of site customer-04 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-04"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-04", "fence_customer_04_decision")
  loaded["fence.nginx-lua.customer-04"] = judge
end
return judge()
