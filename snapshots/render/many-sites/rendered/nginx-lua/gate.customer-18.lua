-- fence: runs for each request of site customer-18 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.customer-18"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-18", "fence_customer_18_decision")
  loaded["fence.nginx-lua.customer-18"] = judge
end
return judge()
