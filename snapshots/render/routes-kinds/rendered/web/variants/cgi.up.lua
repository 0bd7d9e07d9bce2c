do -- fence variant=up generation=0 site=cgi (generated, do not edit)
end
