-- fence: runs for each request of site customer-24 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-24"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-24", "fence_customer_24_decision")
  loaded["fence.nginx-lua.customer-24"] = judge
end
return judge()
