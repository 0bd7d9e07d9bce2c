do -- fence: what a program behind CGI is told of the fields of a request (generated, do not edit)
-- In the name of a variable lighttpd writes whatever is no letter and no digit as "_": a field such as X_Forwarded.For would
-- stand for another one, which is not believed, or set.
local fields, odd = lighty.r.req_header, {}
for name in pairs(fields) do
  if name:find("[^%w-]") then odd[#odd + 1] = name end
end
for _, name in ipairs(odd) do fields[name] = "" end
return 0
end
