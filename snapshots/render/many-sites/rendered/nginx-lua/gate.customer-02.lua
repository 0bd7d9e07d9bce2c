-- fence: runs for each request of site customer-02 (generated, do not edit)
local loaded = package.loaded
local judge = loaded["fence.nginx-lua.site.customer-02"]
if not judge then
  judge = (loaded["fence.nginx-lua"] or dofile("/etc/fence/rendered/nginx-lua/state.lua")).judge("customer-02", true, { decision = "fence_customer_02_decision", path = "fence_customer_02_path", told = "fence_customer_02_told" })
  loaded["fence.nginx-lua.site.customer-02"] = judge
end
return judge()
