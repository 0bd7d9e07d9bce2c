do -- fence variant=up generation=0 site=behind (generated, do not edit)
end
