do -- fence variant=up generation=0 site=sick (generated, do not edit)
end
