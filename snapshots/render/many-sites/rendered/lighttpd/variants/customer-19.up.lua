do -- fence variant=up generation=0 site=customer-19 (generated, do not edit)
end
