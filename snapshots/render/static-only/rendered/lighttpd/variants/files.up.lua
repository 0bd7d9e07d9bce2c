do -- fence variant=up generation=0 site=files (generated, do not edit)
end
