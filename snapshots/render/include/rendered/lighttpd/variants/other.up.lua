do -- fence variant=up generation=0 site=other (generated, do not edit)
end
