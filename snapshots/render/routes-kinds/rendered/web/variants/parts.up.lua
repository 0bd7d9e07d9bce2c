do -- fence variant=up generation=0 site=parts (generated, do not edit)
end
