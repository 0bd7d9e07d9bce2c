do -- fence variant=up generation=0 site=perl (generated, do not edit)
end
