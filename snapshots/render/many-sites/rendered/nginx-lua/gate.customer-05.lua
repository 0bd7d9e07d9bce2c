-- fence: runs for each request of site customer-05 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-05"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-05", "fence_customer_05_decision")
  loaded["fence.nginx-lua.customer-05"] = judge
end
return judge()
