do -- fence variant=up generation=0 site=shop (generated, do not edit)
end
