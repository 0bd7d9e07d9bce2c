do -- fence variant=up generation=0 site=sticky (generated, do not edit)
end
