do -- fence variant=up generation=0 site=turn (generated, do not edit)
end
