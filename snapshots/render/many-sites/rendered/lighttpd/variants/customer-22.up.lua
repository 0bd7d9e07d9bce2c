do -- fence variant=up generation=0 site=customer-22 (generated, do not edit)
end
