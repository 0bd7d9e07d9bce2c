do -- fence variant=up generation=0 site=customer-18 (generated, do not edit)
end
