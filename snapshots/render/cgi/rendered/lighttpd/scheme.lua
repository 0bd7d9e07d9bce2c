do -- fence: the scheme by which the client came to a trusted proxy is that of the request (generated, do not edit)
lighty.r.req_attr["uri.scheme"] = lighty.r.req_header["X-Forwarded-Proto"]
return 0
end
