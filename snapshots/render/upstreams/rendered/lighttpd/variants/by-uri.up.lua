do -- fence variant=up generation=0 site=by-uri (generated, do not edit)
end
