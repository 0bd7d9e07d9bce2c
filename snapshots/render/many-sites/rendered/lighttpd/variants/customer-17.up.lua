do -- fence variant=up generation=0 site=customer-17 (generated, do not edit)
end
