-- fence: runs for each request of site customer-11 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-11"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-11", "fence_customer_11_decision")
  loaded["fence.nginx-lua.customer-11"] = judge
end
return judge()
