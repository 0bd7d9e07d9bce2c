do -- fence variant=up generation=0 site=only-lighttpd (generated, do not edit)
end
