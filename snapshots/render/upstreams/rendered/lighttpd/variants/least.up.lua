do -- fence variant=up generation=0 site=least (generated, do not edit)
end
