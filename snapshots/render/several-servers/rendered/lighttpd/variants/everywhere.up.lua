do -- fence variant=up generation=0 site=everywhere (generated, do not edit)
end
