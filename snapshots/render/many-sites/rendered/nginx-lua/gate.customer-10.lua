-- fence: runs for each request of site customer-10 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-10"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-10", "fence_customer_10_decision")
  loaded["fence.nginx-lua.customer-10"] = judge
end
return judge()
