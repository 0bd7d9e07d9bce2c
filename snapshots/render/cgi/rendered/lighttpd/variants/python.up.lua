do -- fence variant=up generation=0 site=python (generated, do not edit)
end
