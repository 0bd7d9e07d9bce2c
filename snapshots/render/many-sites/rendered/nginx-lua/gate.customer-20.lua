-- fence: runs for each request of site customer-20 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-20"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-20", "fence_customer_20_decision")
  loaded["fence.nginx-lua.customer-20"] = judge
end
return judge()
