do -- fence: takes the cookie of a bypass out of a request, in every mode (generated, do not edit)
local H = lighty.r.req_header
local field = H["Cookie"]
if not field then return 0 end
local kept = {}
for pair in (field .. ";"):gmatch("%s*([^;]-)%s*;") do
  if pair ~= "" and pair:match("^[^=]*") ~= "fence_bypass" then kept[#kept + 1] = pair end
end
H["Cookie"] = table.concat(kept, "; ")
return 0
end
