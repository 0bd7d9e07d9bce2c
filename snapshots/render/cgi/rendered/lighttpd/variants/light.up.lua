do -- fence variant=up generation=0 site=light (generated, do not edit)
end
